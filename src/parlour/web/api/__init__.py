"""The door for programs: visitors' calls, management, service."""
