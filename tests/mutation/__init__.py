"""Mutation testing (变异检验): every small change to the law and the kernel must be noticed.

`make mutate` runs it; `survivors.txt` lists the changes that nothing notices, each with the reason.
"""
