//! What must hold, on a real store with everything else outside played by the tests.
