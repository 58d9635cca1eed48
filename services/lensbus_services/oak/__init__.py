"""Luxonis OAK cameras through depthai v3."""
