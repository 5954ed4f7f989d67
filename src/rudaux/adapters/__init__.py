"""One module or package per outside system; only `rudaux.wiring` imports them."""
