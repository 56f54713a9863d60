"""Frozen settings: what can be set, and where it is read from."""

from ipse.config.loading import default_vault, json_schema, load_settings
from ipse.config.sections import (
    AuditSettings,
    BackupSettings,
    CatalogSettings,
    DatasetSettings,
    EnrichSettings,
    ImportSettings,
    KeySettings,
    LoraSettings,
    PrivacySettings,
    ReportSettings,
    RetentionSettings,
    RetrievalSettings,
    ScorecardSettings,
    Settings,
    SourceRetention,
)

__all__ = [
    "AuditSettings",
    "BackupSettings",
    "CatalogSettings",
    "DatasetSettings",
    "EnrichSettings",
    "ImportSettings",
    "KeySettings",
    "LoraSettings",
    "PrivacySettings",
    "ReportSettings",
    "RetentionSettings",
    "RetrievalSettings",
    "ScorecardSettings",
    "Settings",
    "SourceRetention",
    "default_vault",
    "json_schema",
    "load_settings",
]
