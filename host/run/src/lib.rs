//! One evaluation from submission to report
