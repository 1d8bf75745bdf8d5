"""Artefacts under their content hash: documents, panels, arrays and folders."""

from foundation.storage.artefacts import ArtefactStore
from foundation.storage.folders import FolderStore
from foundation.storage.panels import ArcticPanelStore, PanelStore

__all__ = ["ArcticPanelStore", "ArtefactStore", "FolderStore", "PanelStore"]
