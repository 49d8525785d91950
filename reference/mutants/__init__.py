"""Deliberately broken implementations, one defect each, and the property that must refute each."""
