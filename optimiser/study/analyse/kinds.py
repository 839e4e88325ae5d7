"""What a target of an analysis is."""

OUTCOME, LISTING, STATUS = "outcome", "listing", "status"
