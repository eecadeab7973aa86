"""Pages for people; calls the apps' services and queries only."""
