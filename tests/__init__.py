"""Everything that is demanded of the service, by floor. README.md says how to run it."""
