"""The invented company: its teams, their accounts at the vendors, and what each source is."""

from dataclasses import dataclass
from decimal import Decimal

COMPANY = "Quillhaven Goods"
DOMAIN = "quillhaven.example"
GITHUB_OWNER = "quillhaven"

ENGINEERING = "Engineering"
COMMERCIAL = "Commercial"


@dataclass(frozen=True)
class DemoSource:
    """A vendor account of the company: its key, the connector that reads it, the contract."""

    key: str
    connector: str
    name: str
    contract_discount: Decimal = Decimal(0)


PEOPLE = DemoSource("people", "people_csv", "People directory")
ANTHROPIC = DemoSource("anthropic", "anthropic", "Anthropic API", Decimal("0.08"))
SESSIONS = DemoSource("coding-sessions", "usage_csv", "Coding sessions")
RESELLER = DemoSource(
    "openai-reseller", "focus", "OpenAI through Harrowgate Cloud", Decimal("0.05")
)
GATEWAY = DemoSource("gateway", "usage_csv", "LLM gateway log")
OPENAI = DemoSource("openai", "openai", "OpenAI platform")
COPILOT = DemoSource("copilot", "github_copilot", "GitHub Copilot")
CURSOR = DemoSource("cursor", "cursor", "Cursor on demand")
AWS = DemoSource("aws", "aws", "Amazon Web Services")
GOOGLE = DemoSource("google-cloud", "gcp", "Google Cloud")
SEATS = DemoSource("editor-seats", "focus", "Cursor seats")
GITHUB = DemoSource("github", "github", "GitHub")
HELPDESK = DemoSource("helpdesk", "outcomes_csv", "Helpdesk tickets")
CRM = DemoSource("crm", "outcomes_csv", "CRM deals")
INVOICES = DemoSource("invoices", "invoices_csv", "Invoices")

SOURCES = (
    PEOPLE, ANTHROPIC, SESSIONS, RESELLER, GATEWAY, OPENAI, COPILOT, CURSOR, AWS, GOOGLE, SEATS, GITHUB,
    HELPDESK, CRM, INVOICES,
)  # fmt: skip


@dataclass(frozen=True)
class TeamProfile:
    """A team and the accounts it works with. `workspace` and `key` are Anthropic's ids."""

    slug: str
    name: str
    department: str
    cost_center: str
    headcount: int
    repos: tuple[str, ...] = ()
    workspace: str = ""
    key: str = ""
    project: str = ""


STOREFRONT = TeamProfile(
    "storefront", "Storefront", ENGINEERING, "CC-110", 24, ("storefront-web",),
    "wrkspc_01HvStorefrontWeb8Kq2xNpRt", "apikey_01HvStorefrontAgents5Wm7cYz", "proj_storefront",
)  # fmt: skip
FULFILMENT = TeamProfile(
    "fulfilment", "Fulfilment", ENGINEERING, "CC-120", 26, ("warehouse", "routing"),
    "wrkspc_01HvFulfilmentOps3Jd9vLbXs", "apikey_01HvFulfilmentAgents8Rn4kQe", "proj_fulfilment",
)  # fmt: skip
PAYMENTS = TeamProfile(
    "payments", "Payments", ENGINEERING, "CC-130", 20, ("payments",),
    "wrkspc_01HvPaymentsCore6Tf1mWgHa", "apikey_01HvPaymentsAgents2Xb9pUd", "proj_payments",
)  # fmt: skip
PLATFORM = TeamProfile(
    "platform-data", "Platform & Data", ENGINEERING, "CC-140", 14, ("platform",),
    "wrkspc_01HvPlatformData4Yc7rEoJi", "apikey_01HvPlatformAgents6Lg3hSv", "proj_platform",
)  # fmt: skip
CARE = TeamProfile(
    "customer-care", "Customer Care", COMMERCIAL, "CC-210", 26, project="proj_care_assist"
)
SALES = TeamProfile(
    "partner-sales", "Partner Sales", COMMERCIAL, "CC-220", 10, project="proj_sales"
)

ENGINEERING_TEAMS = (STOREFRONT, FULFILMENT, PAYMENTS, PLATFORM)
TEAMS = (*ENGINEERING_TEAMS, CARE, SALES)

SHARED_KEY = "apikey_01HvNightlyBuilds0Dz5nTw"  # in the default workspace; nobody owns it
EVALUATION_PROJECT = "proj_evaluations"
