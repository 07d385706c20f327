"""Turns accepted jobs into finished ones: claims, leases, sweeping."""
