"""Start UTNet Viewer from a checkout: python main.py"""

from utnet_viewer.app import main

if __name__ == "__main__":
    raise SystemExit(main())
