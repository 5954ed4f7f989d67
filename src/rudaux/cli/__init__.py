"""The commands; `view` asks and, with `progress` and `help`, draws."""
