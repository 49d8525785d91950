"""Why a finding failed, by experiment."""
