"""Canvas over HTTP: `protocol` builds requests and reads answers, `client` sends them."""
