"""``python -m cyjwt``: the command line."""

from cyjwt.cli import main

if __name__ == "__main__":
    main()
