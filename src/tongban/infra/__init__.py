"""The ground that every app stands on: trail, jobs, packs, access, clock."""
