"""The ground floor: rooms that know no stage."""
