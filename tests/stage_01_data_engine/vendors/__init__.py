"""Each vendor's particulars, beyond what the conformance matrix asks of all."""
