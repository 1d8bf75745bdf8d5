"""What a source delivers, into the bitemporal store and back."""

from stage_01_data_engine.ingest.delivery import Delivery, delivered
from stage_01_data_engine.ingest.ingestor import Ingestor

__all__ = ["Delivery", "Ingestor", "delivered"]
