"""FHIR R4 bundles as records: checked, de-identified, a leaf for each resource, numbers of coded observations for models."""

from oracle.records.fhir.ingest import PROFILE, Ingested, ingest, problems_of_record

__all__ = ["PROFILE", "Ingested", "ingest", "problems_of_record"]
