"""The words users type; `view` alone draws and asks."""
