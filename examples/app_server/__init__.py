"""An application server: orders, which those see and cancel whose access tokens have the roles."""
