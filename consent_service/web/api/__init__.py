"""What programs call: JSON, receipts, the banner. Its addresses are promises."""
