//! The control plane: who may do what in a collective, as a pure function of a set of records.
