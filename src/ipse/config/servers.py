"""Settings of servers: of language models, of the catalog, and the service that ipse is itself."""

from pydantic import Field, SecretStr

from ipse.config.section import Section

__all__ = ["CatalogSettings", "ServerSettings", "ServiceSettings"]


class ServerSettings(Section):
    """A server of language models that speaks OpenAI's chat protocol, for the method `prompted`."""

    url: str = Field("http://127.0.0.1:11434/v1", description="its address; this is Ollama's own")
    model: str = Field("", description="model to ask for; empty: the first that the server lists")
    key: SecretStr = Field(SecretStr(""), description="its key, if it wants one; better in IPSE_SERVER__KEY")
    allow_network: bool = Field(
        default=False, description="let prompts, with past messages in them, go to another machine"
    )
    timeout: float = Field(60.0, gt=0, description="seconds to wait for the next piece of an answer")


class ServiceSettings(Section):
    """What `ipse serve` listens on, and whom it lets in."""

    host: str = Field("127.0.0.1", description="address to listen on; others need allow_network and TLS")
    port: int = Field(4773, ge=0, le=65535, description="port; 0: a free one")
    names: tuple[str, ...] = Field(
        (), description="further host names that browsers may ask for it by, such as clone.example.org"
    )
    allow_network: bool = Field(default=False, description="let other machines ask; needs a certificate")
    certificate: str = Field("", description="file with the TLS certificate and its chain (PEM)")
    certificate_key: str = Field("", description="file with the certificate's key (PEM)")
    session_hours: float = Field(12.0, gt=0, description="after which a browser signs in again")
    rate: str = Field("1200/minute", description="requests of one token or browser at most")
    push_rate: str = Field("5000/second", description="and of one that pushes events, such as heartbeats")
    workers: int = Field(4, ge=1, le=32, description="requests that use one vault at a time")
    answers: int = Field(4, ge=1, le=64, description="answers of one vault that are written at a time")
    waiting: int = Field(64, ge=1, description="questions that may wait for their turn, of everyone")
    waiting_each: int = Field(8, ge=1, description="and of one token or browser")
    upload_mb: int = Field(2048, ge=1, description="largest export that is taken, in megabytes (10^6 bytes)")
    uploads: int = Field(16, ge=1, description="exports that may wait to be imported")


class CatalogSettings(Section):
    """Where the catalog of a new vault lies; a vault that is there knows it itself."""

    url: str = Field(
        "", description="PostgreSQL database, such as postgresql+psycopg://you@host/ipse; empty: in the vault"
    )
    password: SecretStr = Field(
        SecretStr(""), description="its password, where neither PGPASSWORD nor ~/.pgpass has it"
    )
