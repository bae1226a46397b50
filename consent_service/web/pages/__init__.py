"""What people open in a browser: pages rendered on the server, that work without JavaScript."""
