//! FC, the canonical encoding (section 1.3).
