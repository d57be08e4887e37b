"""What people are asked for when they say which columns of a file are what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One of our columns as a person is asked for it."""

    column: str
    label: str
    hint: str = ""
    required: bool = False
    may_be_value: bool = False  # one text for every row makes sense
    guesses: str = ""  # what files call it, in small letters without signs, most telling first


CHARGE = (
    Field(
        "charge_period_start",
        "Date or start",
        hint="When the charge begins.",
        required=True,
        guesses="date day usagedate startdate start starttime chargeperiodstart timestamp createdat billingdate",
    ),
    Field(
        "billed_cost",
        "Amount",
        hint="What is billed.",
        required=True,
        guesses="cost amount billedcost total price netamount charge costusd totalcost spend",
    ),
    Field(
        "billing_currency",
        "Currency",
        hint="A column, or one code like USD for all rows.",
        required=True,
        may_be_value=True,
        guesses="currency currencycode billingcurrency",
    ),
    Field(
        "invoice_issuer_name",
        "Vendor",
        hint="A column, or one name for all rows.",
        required=True,
        may_be_value=True,
        guesses="vendor provider invoiceissuername seller publisher",
    ),
    Field(
        "charge_period_end",
        "End",
        hint="Left out: the day of the start.",
        guesses="enddate end endtime chargeperiodend periodend",
    ),
    Field(
        "billing_account_id",
        "Account",
        hint="Left out: this source.",
        may_be_value=True,
        guesses="account accountid billingaccountid organization organizationid orgid",
    ),
    Field("charge_description", "Description", guesses="description item lineitem product details"),
    Field("service_name", "Service", may_be_value=True, guesses="service servicename sku"),
    Field(
        "provider",
        "Who serves the model",
        hint="anthropic, openai and so on.",
        may_be_value=True,
        guesses="modelprovider",
    ),
    Field("model", "Model", guesses="model modelname modelid"),
    Field(
        "meter",
        "Meter",
        hint="input, output, cached_input, web_search and so on.",
        may_be_value=True,
        guesses="meter tokentype",
    ),
    Field("consumed_quantity", "Quantity", guesses="quantity units usage usageamount tokens"),
    Field("consumed_unit", "Unit", may_be_value=True, guesses="unit unitofmeasure usageunit"),
    Field(
        "actor",
        "Person",
        hint="An e-mail, or namespace:id.",
        guesses="user email useremail person username member",
    ),
    Field("api_key", "Key", guesses="apikey apikeyid key keyname"),
    Field(
        "project", "Project", may_be_value=True, guesses="project projectid projectname workspace"
    ),
    Field(
        "team",
        "Team",
        hint="The name or short name of a team.",
        may_be_value=True,
        guesses="team costcenter department",
    ),
    Field("repo", "Repository", hint="owner/name.", may_be_value=True, guesses="repo repository"),
    Field("pr", "Pull request", hint="owner/name#number.", guesses="pr pullrequest"),
    Field("ticket", "Ticket", guesses="ticket issue ticketid"),
    Field("conversation", "Conversation", guesses="conversation conversationid"),
    Field(
        "invoice_id", "Invoice number", may_be_value=True, guesses="invoice invoiceid invoicenumber"
    ),
)

USAGE = (
    Field(
        "occurred_at",
        "Date or time",
        hint="When it was used.",
        required=True,
        guesses="date day timestamp time createdat starttime occurredat requesttime usagedate",
    ),
    Field(
        "provider",
        "Who serves the model",
        hint="A column, or one name for all rows.",
        required=True,
        may_be_value=True,
        guesses="provider vendor",
    ),
    Field("model", "Model", may_be_value=True, guesses="model modelname modelid"),
    Field(
        "actor",
        "Person",
        hint="An e-mail, or namespace:id.",
        guesses="user email useremail person username member",
    ),
    Field("api_key", "Key", guesses="apikey apikeyid key keyname"),
    Field(
        "project", "Project", may_be_value=True, guesses="project projectid projectname workspace"
    ),
    Field(
        "team",
        "Team",
        hint="The name or short name of a team.",
        may_be_value=True,
        guesses="team costcenter department",
    ),
    Field("repo", "Repository", hint="owner/name.", may_be_value=True, guesses="repo repository"),
    Field("branch", "Branch", guesses="branch gitbranch"),
    Field("session", "Session", guesses="session sessionid"),
    Field("pr", "Pull request", hint="owner/name#number.", guesses="pr pullrequest"),
    Field("ticket", "Ticket", guesses="ticket issue ticketid"),
    Field("requests", "Requests", guesses="requests calls count numrequests"),
    Field("failed_requests", "Failed requests", guesses="failed errors failedrequests"),
    Field(
        "input_tokens",
        "Input tokens",
        hint="Without those of the cache.",
        guesses="inputtokens prompttokens tokensin",
    ),
    Field(
        "cached_input_tokens",
        "Tokens read from the cache",
        guesses="cachedinputtokens cachereadtokens cachedtokens",
    ),
    Field(
        "cache_write_tokens",
        "Tokens written to the cache",
        guesses="cachewritetokens cachecreationtokens",
    ),
    Field("output_tokens", "Output tokens", guesses="outputtokens completiontokens tokensout"),
    Field(
        "list_cost",
        "Cost by list, USD",
        hint="Money that is only evidence.",
        guesses="cost spend listcost estimatedcost",
    ),
    Field(
        "meter",
        "Meter, for uses that are no tokens",
        hint="images, web_search and so on.",
        may_be_value=True,
        guesses="meter",
    ),
    Field("quantity", "Quantity of that meter", guesses="quantity"),
    Field("request_id", "Request id", hint="Each counts once.", guesses="requestid id callid"),
)

FIELDS = {"charge": CHARGE, "usage": USAGE}
