"""A practice course on this machine: a Canvas simulator, git remotes and students' homes."""
