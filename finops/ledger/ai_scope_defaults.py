"""The AI scope table as it is shipped: sound for the large clouds and for vendors of AI alone.

In order: what is training comes before the service it is billed under, GPU machines before the
rest of a cloud, and what a bill says of its category last.
"""

from typing import NamedTuple

INFERENCE, TRAINING, INFRASTRUCTURE = "inference", "training", "infrastructure"


class Default(NamedTuple):
    """One rule: patterns of provider, service and SKU, the class, and what it is about."""

    provider: str
    service: str
    sku: str
    ai_class: str
    note: str


AWS_AI = (
    "comprehend | rekognition | textract | polly | transcribe | amazon translate | amazon lex | "
    "amazon kendra | amazon personalize"
)
AWS_GPUS = (
    "p3. | p3dn. | p4d. | p4de. | p5. | p5e. | p5en. | p6-b | p6e- | g4ad. | g4dn. | g5. | g5g. | "
    "g6. | g6e. | g6f. | g7e. | gr6. | trn1. | trn1n. | trn2. | trn2u. | inf1. | inf2. | dl1. | "
    "dl2q. | capacityblock | capacity block"
)
AZURE_GPUS = (
    "nc*a100 | nc*h100 | ncads | ncasr | nc4as | nc8as | nc16as | nc64as | nc6s | nc12s | nc24s | "
    "nd*a100 | nd*h100 | nd*h200 | nd96 | nd40 | nv6ads | nv12ads | nv18ads | nv36ads | nv72ads | "
    "mi300x"
)
GOOGLE = "gcp | google"
GOOGLE_GPUS = "gpu | nvidia | tpu v | a2 instance | a3 instance | a4 instance | g2 instance"
GOOGLE_AI = (
    "vertex ai | ai platform | gemini | generative language | dialogflow | document ai | "
    "cloud vision | vision ai | speech-to-text | text-to-speech | cloud translation | "
    "natural language"
)
MODEL_VENDORS = (
    "anthropic | openai | mistral | cohere | openrouter | perplexity | groq | together | "
    "fireworks | replicate | deepseek | xai | hugging*face | elevenlabs | deepgram | assemblyai | "
    "stability | voyage"
)
ASSISTANTS = (
    "cursor | anysphere | windsurf | codeium | devin | cognition | tabnine | replit | lovable"
)
SOLD_BY_OTHERS = (
    "openai | chatgpt | anthropic | claude | mistral | cohere command | cohere embed | "
    "cohere rerank | perplexity | openrouter | hugging*face | cursor | windsurf | devin"
)

DEFAULTS = tuple(
    Default(*said)
    for said in (
        # --- AWS
        ("", "bedrock", "customi*ation | custommodel*training | modeltraining", TRAINING,
         "Bedrock: fine-tuning"),
        ("", "bedrock", "storage | knowledgebase | vector | agentcore", INFRASTRUCTURE,
         "Bedrock: stored models, knowledge bases, the runtime of agents"),
        ("", "bedrock", "", INFERENCE, "Bedrock: models, also those of other sellers"),
        ("aws", "", "mp:*token", INFERENCE, "Models sold through the marketplace"),
        ("", "sagemaker", "train | tuning | processing | hyperpod | cluster | groundtruth",
         TRAINING, "SageMaker: training, processing, HyperPod"),
        ("", "sagemaker", "host | infer | serverlessinf | asyncinf | endpoint | transform | tsform",
         INFERENCE, "SageMaker: endpoints, serverless and batch inference"),
        ("", "sagemaker", "", INFRASTRUCTURE, "SageMaker: notebooks, studio, storage"),
        ("aws", "machine learning savings plan | mlsavingsplan", "", INFRASTRUCTURE,
         "SageMaker: savings plans"),
        ("aws", "q developer | amazon q | codewhisperer | kiro", "", INFERENCE,
         "Assistants: Amazon Q, CodeWhisperer, Kiro"),
        ("aws", AWS_AI, "", INFERENCE, "Ready-made AI services"),
        ("aws", "opensearch", "vector | semantic", INFRASTRUCTURE,
         "OpenSearch: collections of vectors"),
        ("aws", "", "s3 vectors | s3vectors | vectorbucket", INFRASTRUCTURE, "S3 Vectors"),
        ("aws", "elastic compute | amazonec2 | amazon ec2", AWS_GPUS, INFRASTRUCTURE,
         "GPU and accelerator nodes"),
        # --- Azure
        ("azure", "", "fine*tun*training | ft*training | ft*trng | model training", TRAINING,
         "Azure OpenAI and Foundry: fine-tuning"),
        ("azure", "", "fine*tun*hosting | ft*hosting | ft*hstng", INFRASTRUCTURE,
         "Azure OpenAI: hosting of tuned models"),
        ("", "azure openai | azure ai | foundry | cognitive services | ai services", "", INFERENCE,
         "Azure OpenAI, Foundry, AI services"),
        ("azure", "machine learning", "endpoint | inference | serverless", INFERENCE,
         "Azure Machine Learning: endpoints"),
        ("azure", "machine learning", "", TRAINING, "Azure Machine Learning: computes and jobs"),
        ("azure", "cognitive search | ai search", "", INFRASTRUCTURE, "AI Search: vector indexes"),
        ("azure", "virtual machines", AZURE_GPUS, INFRASTRUCTURE, "GPU nodes"),
        ("azure", "bot service", "", INFERENCE, "Bots"),
        # --- Google Cloud
        ("", "vertex ai | ai platform", "training | tuning | custom*job | pipelines", TRAINING,
         "Vertex AI: training, tuning, pipelines"),
        ("", "vertex ai | ai platform",
         "vector search | matching engine | index | feature store | notebook | workbench",
         INFRASTRUCTURE, "Vertex AI: vector search, feature store, notebooks"),
        ("", "vertex ai | gemini", "", INFERENCE, "Vertex AI prediction, Gemini"),
        (GOOGLE, GOOGLE_AI, "", INFERENCE, "Ready-made AI services"),
        (GOOGLE, "llama", "", INFERENCE, "Models of others"),
        (GOOGLE, "cloud tpu", "", INFRASTRUCTURE, "TPU nodes"),
        (GOOGLE, "compute engine | kubernetes engine", GOOGLE_GPUS, INFRASTRUCTURE,
         "GPU and TPU nodes"),
        (GOOGLE, "discovery engine | agentspace | agent builder", "", INFERENCE,
         "Search and agents"),
        # --- vendors of AI alone
        (MODEL_VENDORS, "", "training", TRAINING, "Fine-tuning at vendors of models"),
        (MODEL_VENDORS, "", "", INFERENCE, "Vendors of models"),
        ("", "copilot", "", INFERENCE, "Copilot, under any provider"),
        (ASSISTANTS, "", "", INFERENCE, "Coding assistants"),
        ("", SOLD_BY_OTHERS, "", INFERENCE, "The same, sold by others"),
        ("", "intercom*fin | agentforce | now assist", "", INFERENCE, "Agents billed by outcome"),
        ("", "pinecone | weaviate | qdrant | milvus | zilliz | chromadb", "", INFRASTRUCTURE,
         "Vector stores"),
        ("", "langfuse | langsmith | helicone | litellm | weights*biases", "", INFRASTRUCTURE,
         "Tools around models"),
        ("", "databricks | snowflake", "mosaic | model serving | foundation model | cortex",
         INFERENCE, "Models inside data platforms"),
        ("coreweave | lambda labs | runpod | crusoe | nebius", "", "", INFRASTRUCTURE,
         "GPU clouds"),
        # --- what a FOCUS bill says of itself
        ("", "ai and machine learning", "training", TRAINING,
         "The bill says AI of the service, training of the SKU"),
        ("", "ai and machine learning | generative ai | machine learning | cognitive services",
         "", INFERENCE, "The bill says AI of the service"),
    )
)  # fmt: skip
