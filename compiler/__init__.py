"""From a document to a plan: the documents, lowering, and the passes."""
