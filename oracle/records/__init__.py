"""Typed records: schemas, record files, disclosures, datasets, corrections; and the ingestion of FHIR bundles."""
