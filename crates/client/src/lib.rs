//! Types of the local API and a typed client for it.
