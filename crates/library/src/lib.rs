//! The knowledge model: documents, tags, links and the query language.
