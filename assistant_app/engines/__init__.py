"""What runs in child processes. Everybody else imports `protocol` and `wire` only."""
