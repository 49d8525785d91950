def page(report): return "<html></html>"
def fragment(report): return "<p></p>"
