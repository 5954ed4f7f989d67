"""What every push needs: a look at it as a whole, and scores that are read back."""
