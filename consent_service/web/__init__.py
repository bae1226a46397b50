"""HTTP only: requests in, one verb called, answers out. No SQL, no rules of the domain."""
