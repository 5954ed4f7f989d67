"""What a command shows, in words: plans, a push, what was written; `view` draws it."""
