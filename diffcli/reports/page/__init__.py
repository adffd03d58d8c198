"""HTML pages that stand by themselves, of parts that formats share; what they look like and can do stands beside them.

`page.css` is one sheet for light, dark, narrow and paper, in which colour only repeats what signs and words say;
`unscripted.css` opens rows where no script does, and `notebook.css` is for a fragment in a page of someone else.
`rows.js` sorts and filters the rows of a batch, `copy.js` copies commands: without them nothing is missing. They
write text as text, never as markup. A view has an address, `#sort=bits&order=up&verdict=kink&find=sin`, so that it
can be sent.
"""
