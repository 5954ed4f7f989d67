"""Entry point of `rudaux` and `python -m rudaux`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit codes are listed in `rudaux.errors`."""
    from rudaux.cli.app import app

    app()


if __name__ == "__main__":
    main()
