"""``python -m codesearch``: the same as the console script."""

from codesearch.cli import main

if __name__ == "__main__":
    main()
