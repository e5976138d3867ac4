"""Orders: `wire` (types under the vendor's names), `mapping` (to ours, and what is wrong), `placing` (the calls)."""
