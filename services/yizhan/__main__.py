"""`python -m yizhan` is the command `yizhan`."""

from yizhan.command import main

# Worker processes import this again, under another name.
if __name__ == "__main__":
    main()
