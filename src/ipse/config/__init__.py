"""Frozen settings: what can be set, and where it is read from."""

from ipse.config.collecting import CollectSettings
from ipse.config.days import ProductivitySettings, SystemSettings
from ipse.config.delivery import DraftSettings, SmtpSettings, WebhookSettings
from ipse.config.loading import (
    check,
    default_vault,
    json_schema,
    load_settings,
    origins,
    underlaid,
)
from ipse.config.places import on_this_machine
from ipse.config.projects import DataSource, FieldRule, ModelSettings, WhenSettings
from ipse.config.retaining import RetentionSettings, SourceRetention
from ipse.config.sections import (
    AuditSettings,
    BackupSettings,
    DatasetSettings,
    EnrichSettings,
    EnsembleSettings,
    ImportSettings,
    JobSettings,
    KeySettings,
    LoraSettings,
    PrivacySettings,
    ReportSettings,
    RetrievalSettings,
    ScorecardSettings,
    Settings,
    VoiceSettings,
)
from ipse.config.servers import CatalogSettings, ServerSettings, ServiceSettings
from ipse.config.upkeep import TierSettings

__all__ = [
    "AuditSettings",
    "BackupSettings",
    "CatalogSettings",
    "CollectSettings",
    "DataSource",
    "DatasetSettings",
    "DraftSettings",
    "EnrichSettings",
    "EnsembleSettings",
    "FieldRule",
    "ImportSettings",
    "JobSettings",
    "KeySettings",
    "LoraSettings",
    "ModelSettings",
    "PrivacySettings",
    "ProductivitySettings",
    "ReportSettings",
    "RetentionSettings",
    "RetrievalSettings",
    "ScorecardSettings",
    "ServerSettings",
    "ServiceSettings",
    "Settings",
    "SmtpSettings",
    "SourceRetention",
    "SystemSettings",
    "TierSettings",
    "VoiceSettings",
    "WebhookSettings",
    "WhenSettings",
    "check",
    "default_vault",
    "json_schema",
    "load_settings",
    "on_this_machine",
    "origins",
    "underlaid",
]
