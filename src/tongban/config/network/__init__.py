"""The demonstration network: control plane and nodes as processes of one machine (网络演示)."""
