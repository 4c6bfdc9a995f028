"""The commands of `rolemend`, one module each: `add` describes it to argparse, `run` carries it out."""
