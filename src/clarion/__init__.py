"""Clarion: one self-hosted server that speaks the event and contact APIs of five marketing vendors."""

__version__ = "0.1.0"
