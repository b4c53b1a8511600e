"""`python -m yizhan` is the command `yizhan`."""

from yizhan.command import main

main()
