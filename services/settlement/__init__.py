"""Settlement (结算): who pays what for this stay, and can we prove it?"""
